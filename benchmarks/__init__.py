"""One command per claim: `python -m benchmarks NAME`. Each prints ratios against a named peer, measured in one run."""
