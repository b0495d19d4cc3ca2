"""Runs `tacet` with a clock that goes ahead by as many seconds as a file says, for what only time brings about.

python tests/clients/ahead.py FILE sandbox --port 0
"""

import sys
from pathlib import Path
from unittest import mock

from tacet.cli import main
from tacet.clock import SystemClock

if __name__ == "__main__":
    file = Path(sys.argv.pop(1))
    now_ms = SystemClock.now_ms

    def ahead_ms(self: SystemClock) -> int:
        return now_ms(self) + int(file.read_text()) * 1_000

    with mock.patch.object(SystemClock, "now_ms", ahead_ms):
        sys.exit(main())
