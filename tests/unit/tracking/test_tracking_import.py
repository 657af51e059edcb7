from __future__ import annotations

import subprocess
import sys

PROBE = """
import os, sys, time
begun = time.perf_counter()
import xinyi.tracking
seconds = time.perf_counter() - begun
tracker = xinyi.tracking.open_tracker(xinyi.tracking.TrackingSettings(enabled=False))
tracker.start("a", {"b": {"c": 1}}, {}); tracker.metrics({}); tracker.finish("FINISHED")
print(seconds < 1.0, {"mlflow", "pytorch_lightning", "torch"} & set(sys.modules), tracker.logger(), tracker.run_id)
print(os.environ["MLFLOW_DISABLE_TELEMETRY"], os.environ["DO_NOT_TRACK"])
"""


def test_importing_the_room_is_quick_and_brings_no_mlflow():
    done = subprocess.run([sys.executable, "-c", PROBE], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["True set() False None", "true true"]
