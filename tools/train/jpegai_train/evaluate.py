"""Rate and quality of a set on whole pictures: real quantisation and tables, integer scale decoder, float32."""
import torch

from . import coding, data, weights
from .models import BaseModel, HopModel


def evaluate_set(tensors, pictures, displacements, device='cpu'):
    """{"MODEL analysis": {displacement: {synthesis: measures}}} of every model of a set. pictures: uint8 [3,H,W] arrays."""
    results = {}
    batches = [torch.from_numpy(p)[None] for p in pictures]
    for model_id in weights.models_with(tensors, 'VM_common_int/Y'):
        base = BaseModel().to(device).eval()
        weights.load_model(base, tensors, model_id)
        costs = [coding.table_bits(t) for t in weights.hyper_tables(tensors, model_id)]
        runs = {'bop': ((base.enc_y, base.enc_uv), {'bop': (base.bop_y, base.bop_uv), 'sop': (base.sop_y, base.sop_uv)})}
        if model_id in weights.models_with(tensors, 'VM_hop/decoder_Y'):
            hop = HopModel().to(device).eval()
            own_analysis = model_id in weights.models_with(tensors, 'VM_hop/encoder_Y')
            weights.load_model(hop, tensors, model_id, '' if own_analysis else 'VM_hop/decoder')
            synthesis = (hop.hop_y, hop.hop_uv)
            if own_analysis:
                runs['hop'] = ((hop.enc_y, hop.enc_uv), {'hop': synthesis, 'bop': (base.bop_y, base.bop_uv)})
            else:
                runs['bop'][1]['hop'] = synthesis
        for name, (analysis, syntheses) in runs.items():
            results[f'{model_id} {name}'] = coding.evaluate(base.y, base.uv, analysis, syntheses, batches, displacements, costs,
                                                            whole=True)
    return results


def evaluate_files(places, picture_paths, displacements, device='cpu'):
    return evaluate_set(weights.read_weights(places), [data.decode_picture(p) for p in picture_paths], displacements, device)
