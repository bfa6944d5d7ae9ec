"""A rule with a rate comes in when it is put; its event goes to its targets whenever that much time has passed."""

from __future__ import annotations

import re
import time
import uuid
from dataclasses import dataclass
from typing import Final

from moto.core.exceptions import ServiceException
from moto.events.models import EventBus, Rule, events_backends

from localaws.runtime import runtime
from localaws.services.events.delivery import Delivery, deliver
from localaws.services.events.inputs import target_input
from localaws.services.events.rules import iso_time

RATE: Final = re.compile(r"rate\((?P<count>[1-9][0-9]*) (?P<unit>minute|hour|day)(?P<plural>s?)\)")
CRON: Final = re.compile(r"cron\((\S+ ){5}\S+\)")
SECONDS: Final = {"minute": 60.0, "hour": 3600.0, "day": 86400.0}
_PAUSE_SECONDS: Final = 1.0


@dataclass(frozen=True)
class _Schedule:
    """A rule's schedule, as it was put."""

    rule: Rule
    seconds: float

    @property
    def stands(self) -> bool:
        """Whether the rule is still there, and this one: PutRule makes another of it."""
        bus: EventBus = events_backends[self.rule.account_id][self.rule.region_name].event_buses["default"]
        return bus.rules.get(self.rule.name) is self.rule

    def keep(self) -> None:
        """Send the rule's event to its targets at the schedule's times, until it is put again or gone."""
        due = time.monotonic() + self.seconds
        while self.stands:
            if time.monotonic() < due:
                time.sleep(min(_PAUSE_SECONDS, self.seconds))
                continue
            due += self.seconds
            if self.rule.state.startswith("ENABLED"):
                self._fire()

    def _fire(self) -> None:
        event = {
            "version": "0",
            "id": str(uuid.uuid4()),
            "detail-type": "Scheduled Event",
            "source": "aws.events",
            "account": self.rule.account_id,
            "time": iso_time(),
            "region": self.rule.region_name,
            "resources": [self.rule.arn],
            "detail": {},
        }
        for target in list(self.rule.targets):
            text = target_input(target, event, self.rule.name, self.rule.arn)
            deliver(Delivery(self.rule, target, event, text))


def check_schedule(expression: str, bus: str) -> None:
    """Refuse what is no schedule, or not where schedules are."""
    rate = RATE.fullmatch(expression)
    if rate and (rate["count"] == "1") == (rate["plural"] == "s"):
        rate = None
    if not rate and not CRON.fullmatch(expression):
        raise ServiceException("ValidationException", "Parameter ScheduleExpression is not valid.")
    if bus not in ("", "default"):
        raise ServiceException(
            "ValidationException", "ScheduleExpression is supported only on the default event bus."
        )


def keep_schedule(rule: Rule) -> None:
    """Have the rule's events sent from now on, if it has a rate; times of day are kept and never come."""
    rate = RATE.fullmatch(rule.scheduled_expression or "")
    if rate:
        schedule = _Schedule(rule, int(rate["count"]) * SECONDS[rate["unit"]])
        runtime().spawn(f"schedule {rule.name}", schedule.keep)
