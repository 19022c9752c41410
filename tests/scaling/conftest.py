"""scale/ stands beside src/, as bench/ does."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2]))
