"""Joins frames with Polars: which customers deserve a call. Needs polars."""

from __future__ import annotations

import crm
import polars as pl

from sample import fill


def worth_a_call(c: crm.Crm) -> pl.DataFrame:
    """Lists customers by the value of their open leads, with the days since the last contact."""
    open_leads = c.frames.leads(stage=["lead", "qualified", "proposal"]).to_polars()
    customers = c.frames.customer_activity().to_polars()
    value = open_leads.group_by("customer_id").agg(
        pl.col("value").sum().alias("open_value"), pl.len().alias("open_leads")
    )
    latest = pl.col("last_interaction").max()
    return (
        customers.join(value, left_on="id", right_on="customer_id")
        .with_columns((latest - pl.col("last_interaction")).dt.total_days().alias("days_quiet"))
        .select("name", "open_leads", "open_value", "interaction_count", "days_quiet")
        .sort("open_value", "name", descending=[True, False])
    )


if __name__ == "__main__":
    with crm.embedded() as c:
        fill(c)
        print(worth_a_call(c).head(10))
