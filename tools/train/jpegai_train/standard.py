"""Constants of the standard that training needs."""
import math

BETAS = ('0.002', '0.012', '0.075', '0.5')  # of model 0..3, as they appear in file names
GAIN_COLUMN = (2, 6, 10, 13)  # column of each model in the gain vectors of 18 entries
GAIN_COLUMNS = 18
CHANNELS_Y, CHANNELS_UV = 160, 96
HYPER_MAX, HYPER_SYMBOLS = 31, 63

# Sigma index: sigma = exp(LOG_MIN + LOG_K * index), 32 tables for the residual.
LOG_MIN = math.log(0.11)
LOG_K = (math.log(54.82) - math.log(0.11)) / 31.0
INDEX_MAX = 31.0
SCALE_MAX = (34 * 128 - 1) / 128.0  # clip of the hyper-scale decoder
SKIP = 382 / 128.0  # positions with a smaller index are not coded

# Order in which the context model codes the four sub-lattices of a latent: (row offset, column offset).
PHASES = ((0, 0), (1, 1), (0, 1), (1, 0))

EICCI_FOLDER = 'eICCI_bophop_2d020448_20240229'
EICCI_NETWORKS = ('mse012', 'mse025', 'mse050', 'mse075', 'mse100', 'mss012', 'mss025', 'mss050', 'mss075', 'mss100')
