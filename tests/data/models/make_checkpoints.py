#!/usr/bin/env python3
"""Writes the small checkpoints of this folder with torch.save; the tests know the values."""
import os
from collections import OrderedDict

import torch

HERE = os.path.dirname(os.path.abspath(__file__))


def save(name, value):
    torch.save(value, os.path.join(HERE, name))


def every_type():
    """-2, -1, 0, 1, 2, 3 in every type that a checkpoint may hold (unsigned and truth values: what becomes of them)"""
    values = torch.arange(-2, 4)
    types = {'float32': torch.float32, 'float64': torch.float64, 'float16': torch.float16, 'int64': torch.int64,
             'int32': torch.int32, 'int16': torch.int16, 'int8': torch.int8, 'uint8': torch.uint8, 'bool': torch.bool}
    state = OrderedDict((name, values.to(kind).reshape(2, 3)) for name, kind in types.items())
    state['scalar'] = torch.tensor(7.5)
    state['empty'] = torch.zeros(0, 3)
    return state


def views():
    """tensors that share storages, with offsets and strides, among things that are no tensors"""
    base = torch.arange(24, dtype=torch.float32)
    grid = base.reshape(4, 6)
    state = OrderedDict()
    state['base'] = base
    state['row'] = grid[2]
    state['column'] = grid[:, 1]
    state['transposed'] = grid.t()
    state['inner'] = grid[1:3, 2:5]
    state['every_second'] = base[1::2]
    state['repeated'] = torch.tensor([1.0, 2.0]).reshape(2, 1).expand(2, 3)
    state['parameter'] = torch.nn.Parameter(torch.tensor([5.0, 6.0]))
    state['clip_thres'] = {'point': {'MinList': [-1.0, 2.5], 'MaxList': [3.0, 1e300]}}
    state['epoch'] = 1000
    state['best_loss'] = -0.125
    state['optimizer'] = {'state': {0: {'step': 3, 'exp_avg': torch.ones(2)}}, 'param_groups': [{'lr': 1e-4, 'betas': (0.9, 0.999), 'params': [0], 'amsgrad': False, 'foreach': None}]}
    state['big'] = 1 << 100
    state['channel_wise_entropy'] = torch.ones(3)
    state['size'] = base.shape
    return state


def nested():
    """what a training program might save: the state of a module (with its _metadata) below a key"""
    module = torch.nn.Sequential(OrderedDict(conv=torch.nn.Conv2d(1, 2, 1), norm=torch.nn.BatchNorm2d(2)))
    with torch.no_grad():
        module.conv.weight.copy_(torch.tensor([0.5, -0.5]).reshape(2, 1, 1, 1))
        module.conv.bias.copy_(torch.tensor([1.0, 2.0]))
    return {'epoch': 3, 'loss': torch.tensor(0.25), 'state_dict': module.state_dict()}


save('every_type.pth', every_type())
save('views.pth', views())
save('nested.pth', nested())
