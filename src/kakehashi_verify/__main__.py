"""`python -m kakehashi_verify FOLDER --key PUB [--checkpoints FILE]`."""

import sys

from kakehashi_verify.verify import main

sys.exit(main())
