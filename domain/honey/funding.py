"""What merchants can pay for: a rule at the cost of one gives nothing if its credit does not suffice."""

from collections.abc import Callable
from dataclasses import replace

from domain.honey.verdicts import Earning, Evaluation, Outcome, Verdict


def affordable(evaluation: Evaluation, credit_of: Callable[[str], int]) -> Evaluation:
    """The same without earnings whose merchant's credit, in points, is too small."""
    left, unpaid = dict[str, int](), dict[str, Verdict]()
    for earning in evaluation.earnings:
        rule = earning.basis.rule
        if not rule.merchant_id:
            continue
        credit = left.setdefault(rule.merchant_id, credit_of(rule.merchant_id))
        if earning.points <= credit:
            left[rule.merchant_id] -= earning.points
            continue
        because = f"merchant {rule.merchant_id} has a credit of {credit}, {earning.points} are needed"
        unpaid[rule.rule_id] = Verdict(rule.rule_id, rule.version, Outcome.OUT_OF_BUDGET, because)
    if not unpaid:
        return evaluation
    return replace(
        evaluation,
        verdicts=[unpaid.get(verdict.rule_id, verdict) for verdict in evaluation.verdicts],
        earnings=[each for each in evaluation.earnings if not _is_of(each, unpaid)],
    )


def _is_of(earning: Earning, unpaid: dict[str, Verdict]) -> bool:
    return earning.basis.rule.rule_id in unpaid
