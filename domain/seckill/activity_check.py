"""What holds between the settings of an activity, whatever state it is in."""

from collections.abc import Iterator

from domain.seckill.activity import Settings, SkuItem
from domain.shared.errors import FieldViolation, Invalid
from domain.shared.instants import DAY
from domain.shared.money import MAX_AMOUNT

MAX_TITLE = 100
MAX_STOCK = 1_000_000
MAX_TRANCHES = 8
MAX_TRANCHE_SKUS = 16
MAX_SCENES = 16
MAX_MEMBER_LIMIT = 100
MAX_PAYMENT_SECONDS = 30 * 86_400
LONGEST_WINDOW = 90 * DAY


def require_sound(settings: Settings) -> None:
    """Raises Invalid with everything that is wrong."""
    violations = list(_violations(settings))
    if violations:
        raise Invalid(violations)


def _violations(settings: Settings) -> Iterator[FieldViolation]:
    yield from _wording(settings)
    yield from _window(settings)
    yield from _bounded("stock", settings.stock, MAX_STOCK)
    yield from _bounded("member_limit", settings.member_limit, MAX_MEMBER_LIMIT)
    yield from _bounded("payment_timeout", settings.payment_seconds, MAX_PAYMENT_SECONDS)
    yield from _tranches(settings)


def _wording(settings: Settings) -> Iterator[FieldViolation]:
    if not 1 <= len(settings.title) <= MAX_TITLE:
        yield _violation("title", "OUT_OF_BOUNDS", f"has 1 to {MAX_TITLE} characters")
    named = settings.item.sku_id if isinstance(settings.item, SkuItem) else settings.item.benefit_id
    if not named:
        yield _violation("item", "REQUIRED", "says what one unit is")
    if not settings.price.currency:
        yield _violation("price", "REQUIRED", "says what one unit costs")
    elif not 0 <= settings.price.amount * max(settings.member_limit, 1) <= MAX_AMOUNT:
        yield _violation("price", "OUT_OF_BOUNDS", "times `member_limit` is at most 10^12 minor units")
    if len(settings.scenes) > MAX_SCENES:
        yield _violation("scenes", "OUT_OF_BOUNDS", f"has at most {MAX_SCENES} entries")


def _window(settings: Settings) -> Iterator[FieldViolation]:
    if not settings.opens:
        yield _violation("open_time", "REQUIRED", "says from when it sells")
    elif not settings.opens < settings.closes:
        yield _violation("close_time", "NOT_AFTER_OPEN_TIME", "lies after `open_time`")
    elif settings.closes - settings.opens > LONGEST_WINDOW:
        yield _violation("close_time", "WINDOW_TOO_LONG", "lies at most 90 days after `open_time`")


def _tranches(settings: Settings) -> Iterator[FieldViolation]:
    tranches = settings.tranches
    if len(tranches) > MAX_TRANCHES:
        yield _violation("tranches", "OUT_OF_BOUNDS", f"has at most {MAX_TRANCHES} entries")
    if tranches and sum(tranche.stock for tranche in tranches) != settings.stock:
        yield _violation("stock", "NOT_THE_SUM", "is the sum of the tranches' stocks")
    for index, tranche in enumerate(tranches):
        at = f"tranches[{index}]"
        yield from _bounded(f"{at}.stock", tranche.stock, MAX_STOCK)
        if len(tranche.sku_ids) > MAX_TRANCHE_SKUS:
            yield _violation(f"{at}.sku_ids", "OUT_OF_BOUNDS", f"has at most {MAX_TRANCHE_SKUS} entries")
        if tranche.release is not None and not tranche.sku_ids:
            yield _violation(f"{at}.release_time", "NOTHING_TO_RELEASE", "comes with `sku_ids`")
        if tranche.release is not None and tranche.release >= settings.closes:
            yield _violation(f"{at}.release_time", "AFTER_CLOSE_TIME", "lies before `close_time`")


def _bounded(field: str, value: int, most: int) -> Iterator[FieldViolation]:
    if not 1 <= value <= most:
        yield _violation(field, "OUT_OF_BOUNDS", f"lies between 1 and {most}")


def _violation(field: str, reason: str, description: str) -> FieldViolation:
    return FieldViolation(f"settings.{field}", reason, f"`{field}` {description}")
