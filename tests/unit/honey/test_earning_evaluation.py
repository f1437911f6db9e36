"""HO-10: any history of events and reversals, against points counted one by one, looking back for caps."""

from hypothesis import given

from domain.honey.earning_rules import EarningRules
from domain.honey.evaluation import evaluate
from domain.honey.windows import Window
from tests.unit.honey.earnings import Books, Step, capped_programmes, histories, programmes
from tests.unit.honey.naive_earning import Happened, NaiveProgramme


@given(programmes(), histories())
def test_any_history_earns_as_if_points_were_counted_one_by_one(
    rules: EarningRules, history: list[Step]
) -> None:
    _run_both(rules, history)


@given(capped_programmes(), histories())
def test_what_caps_leave_is_what_looking_back_finds(rules: EarningRules, history: list[Step]) -> None:
    """HO-10: where caps alone decide, so that they are met in windows of all kinds."""
    _run_both(rules, history)


def _run_both(rules: EarningRules, history: list[Step]) -> None:
    books, naive = Books(rules), NaiveProgramme(rules.scenes[0])
    for step in history:
        _take_back(step, books, naive)
        evaluation = evaluate(rules, step.event, books.standing(step.event, step.held), step.now)
        books.post(step.event, evaluation)
        known = len(naive.happened)
        said = naive.record(step.event, (set(step.held[0]), set(step.held[1])), step.now)
        told = {each.rule_id: (each.outcome.value, each.points) for each in evaluation.verdicts}
        assert told == said
        assert [
            (each.basis.rule, each.points, each.active_from, each.expires) for each in evaluation.earnings
        ] == [(each.rule, each.points, each.active_from, each.expires) for each in naive.happened[known:]]
        _counters_agree(books, naive)


def _counters_agree(books: Books, naive: NaiveProgramme) -> None:
    caps = {rule.rule_id: rule.caps for rule in naive.scene.rules}
    for (member_id, counter), counted in books.counted.items():
        (cap,) = [
            cap for cap in caps[counter.rule_id] if (cap.scope, cap.window) == (counter.scope, counter.window)
        ]
        assert counted == naive.used(counter.rule_id, cap, member_id, counter.start)


@given(programmes() | capped_programmes(), histories())
def test_no_cap_is_ever_exceeded_in_any_window(rules: EarningRules, history: list[Step]) -> None:
    """HO-10: by what the second implementation finds in what was posted."""
    books, naive = Books(rules), NaiveProgramme(rules.scenes[0])
    for step in history:
        _take_back(step, books, naive)
        evaluation = evaluate(rules, step.event, books.standing(step.event, step.held), step.now)
        books.post(step.event, evaluation)
        naive.happened += [
            Happened(step.event, each.basis.rule, each.points, each.active_from, each.expires)
            for each in evaluation.earnings
        ]
        for earning in evaluation.earnings:
            rule = earning.basis.rule
            for cap in rule.caps:
                occurred = step.event.occurred
                used = earning.points
                if cap.window is not Window.EVENT:
                    used = naive.used(rule.rule_id, cap, step.event.member_id, occurred)
                assert used <= cap.points


@given(programmes(), histories())
def test_every_earning_is_split_whole_and_fairly_among_the_items(
    rules: EarningRules, history: list[Step]
) -> None:
    books = Books(rules)
    for step in history:
        evaluation = evaluate(rules, step.event, books.standing(step.event, step.held), step.now)
        books.post(step.event, evaluation)
        for earning in evaluation.earnings:
            items = step.event.items
            assert sum(earning.by_item) == (earning.points if items else 0)
            for item, share in zip(items, earning.by_item, strict=True):
                if step.event.paid:
                    assert abs(share * step.event.paid - earning.points * item.paid) < step.event.paid


@given(programmes(), histories())
def test_what_fits_into_counters_that_have_moved_is_what_would_have_been_earned_on_them(
    rules: EarningRules, history: list[Step]
) -> None:
    """HO-10: two events may be evaluated at once, if the second is evaluated anew where it does not fit."""
    books = Books(rules)
    for first, second in zip(history[::2], history[1::2], strict=False):
        stale = books.standing(second.event, second.held)
        books.post(
            first.event, evaluate(rules, first.event, books.standing(first.event, first.held), first.now)
        )
        if first.event.member_id == second.event.member_id:
            continue
        late = evaluate(rules, second.event, stale, second.now)
        serial = evaluate(rules, second.event, books.standing(second.event, second.held), second.now)
        fits = all(
            books.counted[
                "" if taking.counter.scope == "EVERYBODY" else second.event.member_id, taking.counter
            ]
            + taking.points
            <= taking.most
            for earning in late.earnings
            for taking in earning.takings
        )
        if fits:
            assert late.points == serial.points
        books.post(second.event, serial)


def _take_back(step: Step, books: Books, naive: NaiveProgramme) -> None:
    """Of an earning that is there, what is there."""
    if step.take_back is None or not naive.happened:
        return
    which, most = step.take_back
    earning = naive.happened[which % len(naive.happened)]
    left = earning.points - sum(points for _, points in earning.taken_back)
    points = min(left, most)
    if points:
        earning.taken_back.append((step.now, points))
        books.take_back(earning.event, earning.rule.rule_id, points, step.now)
