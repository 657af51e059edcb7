"""Learning from a teacher's answers (Hinton et al. 2015)."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional


def distillation(student_BC: Tensor, teacher_BC: Tensor, kind: str, temperature: float) -> Tensor:
    """T² · KL(teacher / T ‖ student / T), averaged over rows: zero where both say the same.

    T² keeps the gradient's size whatever the temperature (section 2 of the paper). It has the gradient of the
    cross-entropy with the teacher's probabilities.

    Args:
        student_BC, teacher_BC: logits of the same rows.
        kind: of `multi` tasks each label is a Bernoulli variable of its own, and divergences are averaged over them.
        temperature: above 1 also what the teacher finds unlikely is learnt.
    """
    student_BC, teacher_BC = student_BC.float() / temperature, teacher_BC.float() / temperature
    if kind == "multi":
        yes_BC = teacher_BC.sigmoid()
        each_BC = yes_BC * (functional.logsigmoid(teacher_BC) - functional.logsigmoid(student_BC))
        each_BC = each_BC + (1 - yes_BC) * (functional.logsigmoid(-teacher_BC) - functional.logsigmoid(-student_BC))
        return temperature**2 * each_BC.mean()
    logs = functional.log_softmax(student_BC, -1), functional.log_softmax(teacher_BC, -1)
    return temperature**2 * functional.kl_div(*logs, reduction="batchmean", log_target=True)
