"""Perturbations: str → str, each with a random generator of its own, so that a suite is the same every time.

A perturbation gives the text back unchanged where it does not apply. What it does to the meaning is the business of the
test that uses it. Standard library only.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from xinyi.text.perturb.abbreviations import abbreviate
from xinyi.text.perturb.although import concede_bad, concede_good
from xinyi.text.perturb.brands import swap_brand
from xinyi.text.perturb.degree import strengthen, weaken
from xinyi.text.perturb.digits import to_characters
from xinyi.text.perturb.double_negation import double_negate
from xinyi.text.perturb.emoji import add_angry, add_glad, to_emoji, to_written
from xinyi.text.perturb.genders import swap_gender
from xinyi.text.perturb.homophones import by_ear, in_fun
from xinyi.text.perturb.martian import dress_up
from xinyi.text.perturb.negation import negate
from xinyi.text.perturb.persons import swap_name
from xinyi.text.perturb.punctuation import calm, drop, exclaim, full_stop
from xinyi.text.perturb.regions import swap_region
from xinyi.text.perturb.rhetorical import accuse
from xinyi.text.perturb.sarcasm import mock
from xinyi.text.perturb.shapes import mistype
from xinyi.text.perturb.speech import misheard, unpunctuated, with_fillers
from xinyi.text.perturb.traditional import to_overseas, to_traditional

Perturbation = Callable[[str, random.Random], str]

PERTURBATIONS: dict[str, Perturbation] = {
    "negation": negate,
    "double_negation": double_negate,
    "although_good": concede_good,
    "although_bad": concede_bad,
    "degree_up": strengthen,
    "degree_down": weaken,
    "rhetorical_question": accuse,
    "sarcasm": mock,
    "exclaim": exclaim,
    "calm": calm,
    "full_stop": full_stop,
    "no_punctuation": drop,
    "emoji_to_written": to_written,
    "written_to_emoji": to_emoji,
    "angry_emoji": add_angry,
    "glad_emoji": add_glad,
    "homophones_in_fun": in_fun,
    "near_homophones": by_ear,
    "pinyin_abbreviations": abbreviate,
    "martian_script": dress_up,
    "traditional": to_traditional,
    "hong_kong_taiwan": to_overseas,
    "speech_no_punctuation": unpunctuated,
    "speech_fillers": with_fillers,
    "speech_homophones": misheard,
    "digits_to_characters": to_characters,
    "typos_by_shape": mistype,
    "brand": swap_brand,
    "name": swap_name,
    "region": swap_region,
    "gender": swap_gender,
}

__all__ = ["PERTURBATIONS", "Perturbation"]
