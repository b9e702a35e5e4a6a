#!/usr/bin/env perl
# Reads .gcov files (gcov -b -c) and prints lines and branches per file: what the suites reach, what they leave out for a
# stated reason, and what they leave out without one. usage: coverage_report.pl REASONS MISSED PARTS FILE.gcov...
#
# A line or branch counts once, however many instances of a template it has. Only decisions of the source count: the two ways out
# of a call that may throw, and what the compiler adds for clean-up after exceptions, initialisation and the like, do not, nor do
# lines of closing brackets alone.
use strict;
use warnings;

my ($reasons_file, $missed_file, $parts, @files) = @ARGV;
my (%line, %text, %branch);

# At most so many branches belong to the decisions that a line of source writes down.
sub decisions {
    my ($source) = @_;
    $source =~ s/"(\\.|[^"\\])*"/""/g;
    $source =~ s{//.*}{};
    return 1000 if $source =~ /\bswitch\b/;
    my $operators = () = $source =~ /&&(?!\s*\w+\s*[:\]])|\|\|/g;
    my $statements = () = $source =~ /\b(?:if|for|while)\b|\?/g;
    $statements = 1 if !$statements && $operators;
    # A condition that goes on from the line before.
    $statements = 1 if !$statements && $source =~ /[=!<>]=|[<>]|\bvalid\(|_enable/ && $source =~ /\)\s*(\{|&&|\|\|)?\s*$/ && $source !~ /[\w>]\s*\{\s*$|[=;]\s*$|^\s*(return|throw|const|auto)\b/;
    return 2 * ($operators + $statements);
}

for my $name (@files) {
    open my $in, '<', $name or die "$name: $!";
    my ($file, $number, @pending) = ('', 0);
    my $flush = sub {
        # gcov lists the ways out of one call side by side.
        for my $i (0 .. $#pending) {
            my ($index, $taken, $note) = @{ $pending[$i] };
            next if $note eq 'throw';
            next if $note eq 'fallthrough' && (($i < $#pending && $pending[$i + 1][2] eq 'throw')
                                               || ($i > 0 && $pending[$i - 1][2] eq 'throw'));
            $branch{$file}{$number}{$index} ||= 0;
            $branch{$file}{$number}{$index} = 1 if $taken;
        }
        @pending = ();
    };
    while (<$in>) {
        if (/^\s*-:\s*0:Source:(.*)/) { ($file = $1) =~ s{^(\.\./)+}{}; $file = '' if $file !~ m{^($parts)/}; next }
        next if $file eq '';
        if (/^branch\s+(\d+) (?:taken (\d+)|never executed)(?: \((\w+)\))?/) {
            push @pending, [$1, $2 // 0, $3 // ''];
        } elsif (/^\s*(-|#####|=====|\d+\*?):\s*(\d+):(.*)/) {
            $flush->();
            my ($count, $source) = ($1, $3);
            $number = $2;
            next if $number == 0;
            $text{$file}{$number} = $source;
            next if $count eq '-' || $source =~ /^[\s(){};,]*$/;
            $line{$file}{$number} ||= 0;
            $line{$file}{$number} = 1 if $count !~ /[#=]/;
        } elsif (/^(function|-----)/) {
            $flush->();
        }
    }
    $flush->();
}

# A reason: file | first text [... last text] | reason. It covers the lines from the first that contains the first text to the
# next that contains the last one; * as text covers the file. With * as file it covers every statement that has the text,
# together with the condition in front of it.
my (%reason, @unused);
open my $in, '<', $reasons_file or die "$reasons_file: $!";
while (<$in>) {
    next if /^\s*(#|$)/;
    chomp;
    my ($file, $where, $why) = split / \| /, $_, 3;
    die "$reasons_file:$.: FILE | TEXT | REASON is expected\n" if !defined $why;
    if ($file eq '*') {
        for my $name (keys %text) {
            for my $n (grep { index($text{$name}{$_}, $where) >= 0 } keys %{ $text{$name} }) {
                my ($first, $last) = ($n, $n);
                $first-- while $first > 1 && $n - $first < 8 && ($text{$name}{$first} // '') !~ /^\s*(\} else )?(if|switch|case|default)\b/;
                $first = $n if ($text{$name}{$first} // '') !~ /\b(if|switch|case|default)\b/;
                $last++ while ($text{$name}{$last} // ';') !~ /;\s*(\/\/.*)?$/;
                $reason{$name}{$_} //= $why for $first .. $last;
            }
        }
        next;
    }
    my @numbers = sort { $a <=> $b } keys %{ $text{$file} || {} };
    my ($first, $last) = split / \.\.\. /, $where;
    $last //= $first;
    my ($inside, $found, $useful) = (0, 0, 0);
    for my $n (@numbers) {
        $inside = $found = 1 if $where eq '*' || (!$inside && index($text{$file}{$n}, $first) >= 0);
        next if !$inside;
        $reason{$file}{$n} = $why;
        $useful = 1 if exists $line{$file}{$n} && (!$line{$file}{$n} || grep { !$_ } values %{ $branch{$file}{$n} || {} });
        $inside = 0 if $where ne '*' && index($text{$file}{$n}, $last) >= 0;
    }
    push @unused, "$reasons_file:$.: " . (@numbers == 0 ? "$file has not been counted" : $found ? "nothing is missed there" : "no line has \"$first\"") . "\n"
        if !$useful;
}

open my $missed, '>', $missed_file or die "$missed_file: $!";
my @sum = (0) x 8;
printf "%-40s %18s %18s %10s %10s\n", 'file', 'lines', 'branches', 'reasons', 'none';
for my $file (sort keys %line) {
    my @n = (0) x 8;  # lines, reached, with a reason, without; the same for branches
    for my $number (sort { $a <=> $b } keys %{ $line{$file} }) {
        my $why = $reason{$file}{$number};
        my @out;
        my $reached = $line{$file}{$number};
        $n[0]++;
        if ($reached) { $n[1]++ } else { $n[defined $why ? 2 : 3]++; push @out, 'line' }
        my $branches = $branch{$file}{$number} || {};
        my @counted = sort { $a <=> $b } keys %$branches;
        my $most = decisions($text{$file}{$number});
        $#counted = $most - 1 if @counted > $most;
        for my $index (@counted) {
            $n[4]++;
            if ($branches->{$index}) { $n[5]++; next }
            $n[defined $why ? 6 : 7]++;
            push @out, "branch $index" if $reached;
        }
        printf $missed "%s:%d: %s: %s%s\n", $file, $number, join(', ', @out), $text{$file}{$number} =~ s/^\s+//r,
            defined $why ? "  [$why]" : '' if @out;
    }
    printf "%-40s %5d/%5d %5.1f%% %5d/%5d %5.1f%% %10d %10d\n", $file, @n[1, 0], 100 * $n[1] / $n[0], @n[5, 4],
        $n[4] ? 100 * $n[5] / $n[4] : 100, $n[2] + $n[6], $n[3] + $n[7];
    $sum[$_] += $n[$_] for 0 .. 7;
}
printf "reached: %d of %d lines (%.1f %%), %d of %d branches (%.1f %%)\n", @sum[1, 0], 100 * $sum[1] / $sum[0], @sum[5, 4],
    100 * $sum[5] / ($sum[4] || 1);
printf "not reached for a stated reason: %d lines, %d branches\n", @sum[2, 6];
printf "reached of what is left: %.1f %% of lines, %.1f %% of branches; without a reason: %d lines, %d branches\n",
    100 * $sum[1] / (($sum[0] - $sum[2]) || 1), 100 * $sum[5] / (($sum[4] - $sum[6]) || 1), @sum[3, 7];
print "reasons that are not needed:\n", @unused if @unused;
