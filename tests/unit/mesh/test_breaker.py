"""When the store is asked no more, and when again."""

from servers.mesh.breaker import FAILURES, RELAPSE_SECONDS, Breaker


def tripped(now: float = 0.0) -> Breaker:
    breaker = Breaker()
    breaker.failed(now, FAILURES)
    assert breaker.is_open
    return breaker


def test_five_failures_within_a_second_open_it() -> None:
    breaker = Breaker()
    breaker.succeeded(1000)
    for number in range(FAILURES):
        assert not breaker.is_open
        breaker.failed(number * 0.25)
    assert breaker.is_open


def test_five_failures_over_a_longer_time_do_not() -> None:
    breaker = Breaker()
    for number in range(40):
        breaker.succeeded(3)
        breaker.failed(number * 0.3)
    assert not breaker.is_open


def test_half_of_the_last_twenty_calls_open_it_however_slowly() -> None:
    breaker = Breaker()
    for number in range(20):
        assert not breaker.is_open
        breaker.failed(number * 10.0) if number % 2 else breaker.succeeded()
    assert breaker.is_open


def test_two_good_probes_in_a_row_close_it() -> None:
    breaker = tripped()
    assert [breaker.probed(good) for good in (True, False, True, True)] == [False, False, False, True]


def test_there_is_hope_from_a_good_probe_until_the_next_failure() -> None:
    breaker = tripped()
    hopes = [breaker.is_hopeful]
    for is_probe, good in ((True, True), (False, False), (True, True), (True, False)):
        breaker.probed(good) if is_probe else breaker.failed(1.0)
        hopes.append(breaker.is_hopeful)
    assert hopes == [False, True, False, True, False]


def test_one_that_opens_again_soon_wants_twice_as_many() -> None:
    breaker = tripped(now=0.0)
    breaker.close()
    breaker.failed(10.0, FAILURES)
    assert [breaker.probed(True) for _ in range(4)] == [False, False, False, True]
    breaker.close()
    breaker.failed(10.0 + RELAPSE_SECONDS + 1, FAILURES)
    assert [breaker.probed(True) for _ in range(2)] == [False, True]


def test_f06_a_store_that_is_good_every_other_time_does_not_make_it_flap() -> None:
    breaker, now, transitions = Breaker(), 0.0, 0
    for number in range(300):  # a minute of probes
        now += 0.2
        if breaker.is_open:
            if breaker.probed(number % 4 != 0):
                breaker.close()
                transitions += 1
        else:
            breaker.failed(now, FAILURES)
            transitions += 1
    assert transitions <= 4
