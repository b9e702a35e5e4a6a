"""Training of the JPEG AI networks (Rec. ITU-T T.840.1 | ISO/IEC 6048-1); see tools/train/README.md.

standard    constants of the standard that training needs
layers, transforms, hyper, context, eicci, models
            the networks; names of modules are the keys of the checkpoint layout
metrics     colour conversion, PSNR, MS-SSIM
losses      differentiable rate and distortion
coding      what a coder really does: quantisation, entropy tables, sizes in bits
data        pictures into batches
pack        reading and writing of weight packs (.jaiw)
weights     networks <-> tensors under their checkpoint names
stages      what is trained on what: base, sop, hop, eicci
trainer     the loop: schedule, mixed precision, several GPUs, checkpoints
finish      after training: statistics, rounding of weights
export      results -> packs and .pth files
evaluate    rate and quality on whole pictures
cli         the command line
"""
