"""Ten lines on a private server: nothing to set up but the package and a PostgreSQL."""

import crm

with crm.embedded() as c:  # or crm.connect("postgres://…")
    acme = c.customers.create("Acme Corporation", tags=["Enterprise"])
    deal = c.leads.create("Big deal", customer_id=acme.id, value="50000.00")
    c.leads.move_to(deal.id, "qualified")
    for stage in c.reports.pipeline():
        print(f"{stage.stage:<10} {stage.count:>3} {stage.total_value:>12}")
    print(f"{deal.title}: {deal.value}")
