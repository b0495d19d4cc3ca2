"""`python -m tacet.cli`, where no console script is installed."""

import sys

from tacet.cli import main

sys.exit(main())
