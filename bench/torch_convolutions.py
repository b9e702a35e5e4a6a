#!/usr/bin/env python3
"""The convolutions of bench_cuda's networks in PyTorch on the same card, for comparison.

    bench_cuda --json networks.json ... && python3 bench/torch_convolutions.py networks.json [--json out.json]

Each convolution of each network runs alone (cuDNN with its search for the fastest algorithm, values random and on the
card, channels first), without activations, normalisations, attention and what else lies between; its time is the median of
replays of a CUDA graph of 20 calls. Sums are over the convolutions of a point. TF32 off is float32 with any order of summation,
TF32 on is less exact; neither gives the same bits on other machines.
"""
import argparse
import json

import torch


def measure(layer, calls=20, runs=5):
    device = 'cuda'
    kernel, groups = layer['kernel'], layer['groups']
    x = torch.randn(1, layer['in'], layer['rows'], layer['cols'], device=device)
    bias = torch.randn(layer['out'], device=device) if layer['bias'] else None
    if layer['transposed']:
        weight = torch.randn(layer['in'], layer['out'], *kernel, device=device)

        def call():
            return torch.nn.functional.conv_transpose2d(x, weight, bias, stride=2, padding=1, output_padding=int(kernel[0] == 3))
    else:
        top, left, bottom, right = layer['pad']
        weight = torch.randn(layer['out'], layer['in'] // groups, *kernel, device=device)
        if (top, left) != (bottom, right):
            x = torch.nn.functional.pad(x, (left, right, top, bottom))
            top = left = 0

        def call():
            return torch.nn.functional.conv2d(x, weight, bias, stride=layer['stride'], padding=(top, left), groups=groups)
    stream = torch.cuda.Stream()
    with torch.cuda.stream(stream), torch.no_grad():
        for _ in range(3):
            call()
        stream.synchronize()
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, stream=stream):
            for _ in range(calls):
                call()
        times = []
        for _ in range(runs):
            start, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
            start.record()
            graph.replay()
            end.record()
            end.synchronize()
            times.append(start.elapsed_time(end) * 1e3 / calls)
    return sorted(times)[runs // 2]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('networks')
    parser.add_argument('--json', default='')
    parser.add_argument('--sizes', default='', help='of the file, comma separated; default all')
    o = parser.parse_args()
    with open(o.networks, encoding='utf-8') as file:
        networks = json.load(file)
    torch.backends.cudnn.benchmark = True
    results, known = [], {}
    print(f'{torch.cuda.get_device_name()}, torch {torch.__version__}, cuDNN {torch.backends.cudnn.version()}')
    print('size point | convolutions here us | torch TF32 off us | torch TF32 on us')
    for result in networks['results']:
        if o.sizes and result['size'] not in o.sizes.split(','):
            continue
        row = {'size': result['size'], 'point': result['point'], 'here_us': sum(n['conv_us'] for n in result['networks'])}
        for tf32 in (False, True):
            torch.backends.cudnn.allow_tf32 = tf32
            torch.backends.cuda.matmul.allow_tf32 = tf32
            total = 0.0
            for network in result['networks']:
                for layer in network['convolutions']:
                    key = (tf32, json.dumps({k: v for k, v in layer.items() if k not in ('name', 'macs')}, sort_keys=True))
                    if key not in known:
                        known[key] = measure(layer)
                    total += known[key]
            row['tf32_us' if tf32 else 'fp32_us'] = total
        results.append(row)
        print(f"{row['size']} {row['point']} | {row['here_us']:.1f} | {row['fp32_us']:.1f} | {row['tf32_us']:.1f}", flush=True)
    if o.json:
        with open(o.json, 'w', encoding='utf-8') as file:
            json.dump({'device': torch.cuda.get_device_name(), 'torch': torch.__version__, 'results': results}, file, indent=1)


if __name__ == '__main__':
    main()
