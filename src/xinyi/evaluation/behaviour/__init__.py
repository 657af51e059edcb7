"""Behaviour suites (CheckList, Ribeiro et al. 2020), offline and written for Chinese customer messages.

Tests of minimum functionality ask for an answer, invariance tests change a text so that the answer must stay,
directional tests change it so that the answer must move one way.
"""

from xinyi.evaluation.behaviour.fitting import check_suites
from xinyi.evaluation.behaviour.run import run_suites
from xinyi.evaluation.behaviour.suite import Suite, Test, load_suites

__all__ = ["Suite", "Test", "check_suites", "load_suites", "run_suites"]
