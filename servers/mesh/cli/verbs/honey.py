"""`nectary honey balance|statement|lots|verify`: what is in a wallet, and how it came to that."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from servers.mesh.cli.exits import Exit, UsageError
from servers.mesh.cli.moments import optional_moment
from servers.mesh.cli.session import Session
from servers.mesh.cli.verb import verb

if TYPE_CHECKING:
    from nectary.honey.v1 import honey_pb2

Owner = Annotated[str, typer.Argument(metavar="OWNER", help="A member's id; a merchant's with --merchant.")]
Programme = Annotated[str, typer.Option(help="Which points.")]
IsMerchant = Annotated[bool, typer.Option("--merchant", help="OWNER is a merchant.")]
Link = Annotated[str, typer.Option(metavar="HEX", help="The link that was kept from before.")]


def register(app: typer.Typer) -> None:
    """Adds what looks, and `adjust`."""
    for handler in (balance, lots, statement, verify, liability, adjust):
        verb(app, handler.__name__)(handler)


async def balance(
    session: Session,
    owner: Owner,
    programme: Programme = "honey",
    merchant: IsMerchant = False,
    at: Annotated[str | None, typer.Option(help="At a moment. Default: now.")] = None,
) -> None:
    """Show what is in a wallet."""
    async with session.connect() as mesh:
        found = await mesh.wallets.get_balance(
            programme, **_owner(owner, merchant), as_of=optional_moment(at, session.zone)
        )
    session.output.document(found)
    if not session.output.as_json:
        session.output.show(*_balance_lines(found))


async def lots(
    session: Session,
    owner: Owner,
    programme: Programme = "honey",
    every: Annotated[bool, typer.Option("--all", help="Also those of which nothing is left.")] = False,
    lines: Annotated[int, typer.Option("--lines", "-n", min=1, max=500, help="The oldest so many.")] = 50,
) -> None:
    """List what a member's points were earned by, the oldest first."""
    from clients.times import datetime_of

    async with session.connect() as mesh:
        page = await mesh.wallets.list_lots(programme, owner, with_points=not every, page_size=lines)
    session.output.document(page)
    if session.output.as_json:
        return
    for one in page.lots:
        until = session.moment(datetime_of(one.expire_time)) if one.HasField("expire_time") else "for ever"
        until += " or longer" if one.HasField("sliding") else ""
        left = one.pending_points + one.active_points + one.held_points
        session.output.show(f"{one.lot_id}  {left:>12,} of {one.earned_points:,}  {until}  {one.cause}")
    if not page.lots:
        session.output.show("no lots")
    if page.next_page_token:
        session.output.show(f"the oldest {lines}; there are more")


async def statement(
    session: Session,
    owner: Owner,
    programme: Programme = "honey",
    merchant: IsMerchant = False,
    since: Annotated[str | None, typer.Option(help="From a moment. Default: from the beginning.")] = None,
    until: Annotated[str | None, typer.Option(help="Until before a moment. Default: until now.")] = None,
) -> None:
    """Draw what moved in a wallet, as a table that adds up: opening, movements, closing."""
    async with session.connect() as mesh:
        found = await mesh.wallets.get_statement(
            programme,
            **_owner(owner, merchant),
            start=optional_moment(since, session.zone),
            end=optional_moment(until, session.zone),
        )
    session.output.document(found)
    if not session.output.as_json:
        from servers.mesh.cli.drawing.statement import statement_table

        session.output.show(statement_table(found))


async def verify(
    session: Session,
    owner: Owner,
    programme: Programme = "honey",
    merchant: IsMerchant = False,
    link: Link = "",
) -> Exit | None:
    """Compute a wallet's chain of transactions anew, here and not on the server.

    Exit status 1 if any transaction is not as it must be, or if the chain does not pass through the link that
    was kept from before.
    """
    from servers.mesh.cli.chain import Chain

    chain = Chain(_bytes_of(link))
    token = ""
    async with session.connect() as mesh:
        stood = await mesh.wallets.get_balance(programme, **_owner(owner, merchant))
        while chain.is_intact:
            page = await mesh.wallets.list_transactions(
                programme, **_owner(owner, merchant), page_size=500, page_token=token
            )
            for transaction in page.transactions:
                chain.take(_wallet_id(stood), transaction)
            token = page.next_page_token
            if not token:
                break
    told = chain.verdict()
    session.output.document({"intact": told == "", "transactions": chain.seq, "link": chain.link.hex()})
    session.output.show(
        told or f"{chain.seq:,} transactions are as they must be; the last link is {chain.link.hex()}"
    )
    return Exit.FAILED if told else None


async def liability(
    session: Session,
    programme: Programme = "honey",
    months: Annotated[int, typer.Option(min=1, max=60, help="What expires in each of so many months.")] = 12,
) -> None:
    """Show what a programme owes its members, by who pays for points, and when it expires."""
    async with session.connect() as mesh:
        found = await mesh.liability.get_liability(programme, months=months)
    session.output.document(found)
    if not session.output.as_json:
        from servers.mesh.cli.drawing.liability import liability_table

        session.output.show(liability_table(found))


async def adjust(
    session: Session,
    owner: Owner,
    points: Annotated[int, typer.Argument(help="How many more; below zero, after `--`: fewer.")],
    reason: Annotated[str, typer.Option(help="Why, for the record.")],
    programme: Programme = "honey",
    merchant: IsMerchant = False,
    until: Annotated[str | None, typer.Option(help="They expire at this moment. Default: never.")] = None,
    cause: Annotated[str, typer.Option(help="What it is about: an invoice, a ticket.")] = "",
    request_id: Annotated[str | None, typer.Option(help="Makes a repeat harmless.")] = None,
) -> None:
    """Give points by hand, or take some; of a merchant: credit that it has bought."""
    async with session.connect() as mesh:
        answer = await mesh.wallets.adjust_points(
            programme,
            **_owner(owner, merchant),
            points=points,
            reason=reason,
            expires_at=optional_moment(until, session.zone),
            cause=cause,
            request_id=request_id,
        )
    session.output.document(answer)
    if not session.output.as_json:
        session.output.show(f"transaction {answer.transaction_id}", *_balance_lines(answer.balance))


def _bytes_of(link: str) -> bytes:
    try:
        return bytes.fromhex(link)
    except ValueError as error:
        raise UsageError(f"{link!r} is no link", hint="64 hexadecimal digits, as verify shows it") from error


def _owner(owner: str, merchant: bool) -> dict[str, Any]:
    return {"merchant_id": owner} if merchant else {"member_id": owner}


def _wallet_id(found: "honey_pb2.Balance") -> str:
    kind, owner = ("merchant", found.merchant_id) if found.merchant_id else ("member", found.member_id)
    return f"{found.programme_id}:{kind}:{owner}"


def _balance_lines(found: "honey_pb2.Balance") -> list[str]:
    figures = (
        ("can be spent", found.active_points),
        ("pending", found.pending_points),
        ("held", found.held_points),
        ("owed", -found.debt_points),
        ("spent", found.spent_points),
        ("expired", found.expired_points),
        ("taken back", found.reversed_points),
        ("waived", found.waived_points),
        ("given to others", found.transferred_points),
        ("earned", found.earned_points),
        ("credit", found.credit_points),
        ("granted", found.granted_points),
        ("receivable", found.receivable_points),
    )
    return [f"{points:>16,}  {word}" for word, points in figures if points] or ["nothing"]
