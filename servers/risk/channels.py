"""Which ways to people, and which engine, a configuration names."""

from servers.mesh.clock import Clock
from servers.mesh.config import Config
from servers.mesh.http_client import Endpoint
from servers.mesh.reaching import mail_server, numbers
from servers.risk.alerting import Channel
from servers.risk.engine import Engine, HttpEngine
from servers.risk.mail import MailChannel
from servers.risk.sms import HttpSmsProvider, SmsChannel


def channels_of(config: Config) -> list[Channel]:
    """Mail, SMS, both or none: then alerts stand in the log alone."""
    channels: list[Channel] = []
    if config.risk_mail_url:
        server = mail_server(config.risk_mail_url)
        channels.append(MailChannel(server, config.risk_mail_from, config.risk_mail_to))
    if config.risk_sms_url:
        provider = HttpSmsProvider(Endpoint(config.risk_sms_url))
        channels.append(SmsChannel(provider, numbers(config.risk_sms_to)))
    return channels


def engine_of(config: Config, clock: Clock) -> Engine | None:
    """None if there is no engine."""
    return Engine(HttpEngine(Endpoint(config.risk_engine_url)), clock) if config.risk_engine_url else None
