#!/usr/bin/env bash
# The main job on a real photograph: encodes it at three rates, decodes and measures it, and sets it beside JPEG files of the
# same size. The result is OUT_FOLDER/index.html, which holds its pictures itself (it can be moved and mailed alone); the
# streams, the pictures and the reports lie beside it.
# usage: tools/demo/demo.sh PROGRAM OUT_FOLDER [PICTURE]
# Without a picture it is the photograph beside this script.
set -euo pipefail

program=$1 out=$2 picture=${3:-}
rates=(0.15 0.35 0.75)
mkdir -p "$out"

# The value of a key in a JSON document that has one key per line.
value() { # file key
    sed -n "s/^ *\"$2\": *\([^,]*\),\{0,1\}\$/\1/p" "$1" | head -1
}

# An <img> with the picture inside. Browsers know no PPM and no TIFF.
inline() { # file
    local file=$1
    case "$file" in
        *.ppm | *.pgm | *.pnm)
            pnmtopng -quiet "$file" >"$out/shown.png"
            file=$out/shown.png
            ;;
    esac
    case "$file" in
        *.png) printf '<img alt="" src="data:image/png;base64,' ;;
        *.jpg | *.jpeg) printf '<img alt="" src="data:image/jpeg;base64,' ;;
        *.webp) printf '<img alt="" src="data:image/webp;base64,' ;;
        *)
            echo '(a kind of file that browsers do not show)'
            return
            ;;
    esac
    base64 -w0 "$file"
    printf '">'
}

# The original for the page, and original.ppm for cjpeg where that can be had.
prepare() {
    if [ -z "$picture" ]; then
        picture=$(dirname "$0")/picos_de_europa.png
        origin='&ldquo;picosdeeuropa&rdquo; by Aitzol Berasategi, 2018, <a href="https://creativecommons.org/licenses/by/4.0/">CC BY
4.0</a>, scaled down and cut to 560x400. The models were not trained on it.'
    else
        origin="$(basename "$picture")"
    fi
    case "$picture" in
        *.ppm) cp "$picture" "$out/original.ppm" ;;
        *.png) pngtopnm "$picture" >"$out/original.ppm" ;;
        *.jpg | *.jpeg) djpeg -ppm "$picture" >"$out/original.ppm" ;;
        *) rm -f "$out/original.ppm" ;;
    esac
    original=$out/original.${picture##*.}
    [ "$original" = "$out/original.ppm" ] || cp "$picture" "$original"
}

# The best JPEG file of at most so many bytes.
jpeg_of_size() { # bytes file
    local low=1 high=100 middle
    while [ $low -lt $high ]; do
        middle=$(((low + high + 1) / 2))
        cjpeg -quality $middle -optimize "$out/original.ppm" >"$2" 2>"$out/cjpeg.log"
        if [ "$(stat -c %s "$2")" -le "$1" ]; then low=$middle; else high=$((middle - 1)); fi
    done
    cjpeg -quality $low -optimize "$out/original.ppm" >"$2" 2>"$out/cjpeg.log"
}

# Measures a decoded picture and adds it to the table and to the pictures of its rate.
add() { # title coded-file decoded-file shown-file
    local title=$1 bytes report="$2.compare.json" map="$2.difference.png"
    bytes=$(stat -c %s "$2")
    "$program" compare "$original" "$3" --metrics psnr-y,psnr-rgb,ms-ssim --map "$map" --json >"$report"
    table+=$(printf '<tr><td>%s<td>%d<td>%.3f<td>%.2f<td>%.2f<td>%.4f' "$title" "$bytes" \
        "$(awk "BEGIN { print 8 * $bytes / $samples }")" "$(value "$report" psnr-y)" "$(value "$report" psnr-rgb)" \
        "$(value "$report" ms-ssim)")$'\n'
    row+="<figure>$(inline "$4")<figcaption>$title, $bytes bytes</figcaption></figure>
<figure>$(inline "$map")<figcaption>$title, differences, 8 times</figcaption></figure>"$'\n'
}

origin= original= table= pictures=
prepare
jpeg=$(command -v cjpeg djpeg | wc -l)
for rate in "${rates[@]}"; do
    row=
    stream=$out/jpegai_$rate.jai
    "$program" encode "$original" "$stream" --bpp "$rate" --best-effort --json >"$stream.json"
    samples=$(($(value "$stream.json" width) * $(value "$stream.json" height)))
    "$program" decode "$stream" "$stream.png" -q
    add "JPEG AI $rate" "$stream" "$stream.png" "$stream.png"
    if [ "$jpeg" -eq 2 ] && [ -f "$out/original.ppm" ]; then
        file=$out/jpeg_$rate.jpg
        jpeg_of_size "$(stat -c %s "$stream")" "$file"
        djpeg "$file" >"$file.ppm"
        add "JPEG" "$file" "$file.ppm" "$file"
    fi
    pictures+="<h2>$rate bits per pixel</h2><div class=row>$row</div>"$'\n'
done

cat >"$out/index.html" <<HTML
<!doctype html><html lang=en><meta charset=utf-8><title>jpegai: a photograph at three rates</title>
<style>
body { font: 15px/1.5 sans-serif; margin: 2em auto; max-width: 1400px; padding: 0 1em; color: #222; background: #fafafa }
.row { display: flex; flex-wrap: wrap; gap: 12px } figure { margin: 0 } img { max-width: 640px; width: 100%; height: auto }
table { border-collapse: collapse } td, th { border: 1px solid #ccc; padding: 3px 10px; text-align: right }
td:first-child, th:first-child { text-align: left } figcaption { color: #555 }
</style>
<h1>A photograph at three rates</h1>
<p>JPEG AI streams made and decoded by this program with its default models; JPEG by libjpeg-turbo at the highest quality that
needs no more bytes (optimised Huffman tables, 4:2:0). PSNR in dB; MS-SSIM of luma.</p>
<table><tr><th><th>bytes<th>bits per pixel<th>PSNR Y<th>PSNR RGB<th>MS-SSIM
$table</table>
<h2>Original</h2><p>$origin</p><div class=row><figure>$(inline "$original")</figure></div>
$pictures</html>
HTML
echo "wrote $out/index.html"
