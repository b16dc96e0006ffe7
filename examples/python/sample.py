"""A made-up company's two years, the same at every run, for the reports to have something to show."""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta, timezone
from typing import Final, get_args

import crm

TODAY: Final = date(2026, 11, 25)
COMPANIES: Final = ("Acme", "Borealis", "Cobalt", "Delphi", "Ember", "Fjord", "Granite", "Helios", "Iris", "Juniper")


def fill(c: crm.Crm, customers: int = 200) -> None:
    """Stores customers with their leads, tasks and interactions."""
    dice = random.Random(7)
    people = c.users.create_many(
        {"name": name, "email": f"{name.lower()}@example.com", "password": "correct horse"}
        for name in ("Ann", "Bob", "Cleo", "Dan")
    )
    ids = c.customers.create_many(
        {"name": f"{dice.choice(COMPANIES)} {number}", "tags": dice.sample(["Enterprise", "Startup", "Partner"], 2)}
        for number in range(customers)
    )
    weighted = dict(zip(get_args(crm.Stage), (40, 28, 18, 14), strict=True))
    c.leads.create_many(
        {
            "title": f"Deal {number}",
            "stage": dice.choices(list(weighted), list(weighted.values()))[0],
            "value": dice.randrange(1_000, 60_000),
            "customer_id": dice.choice(ids),
            "assigned_to": dice.choice(people),
        }
        for number in range(3 * customers)
    )
    c.tasks.create_many(
        {
            "title": f"{dice.choice(['Call', 'Visit', 'Send offer to', 'Thank'])} {dice.choice(COMPANIES)}",
            "status": dice.choices(get_args(crm.TaskStatus), (3, 2, 5))[0],
            "priority": dice.choice(get_args(crm.Priority)),
            "due_date": TODAY + timedelta(days=dice.randrange(-40, 40)),
            "customer_id": dice.choice(ids),
            "assigned_to": dice.choice(people),
        }
        for _ in range(2 * customers)
    )
    noon = datetime(TODAY.year, TODAY.month, TODAY.day, 12, tzinfo=timezone.utc)
    c.interactions.create_many(
        {
            "customer_id": dice.choice(ids),
            "type": dice.choices(get_args(crm.InteractionType), (5, 8, 2, 3))[0],
            "date": noon - timedelta(days=min(dice.expovariate(1 / 250), 720)),
            "created_by": dice.choice(people),
        }
        for _ in range(20 * customers)
    )
