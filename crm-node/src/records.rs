//! The records that are no entity's: entity → wire. `ts/page.ts` and `ts/records.ts` read the fields in the same order.

use crm_postgres::crm_core::Page;
use crm_postgres::{Migration, Seeded};

use crate::wire::{Out, Wire};

impl<T: Wire> Wire for Page<T> {
    fn put(self, out: &mut Out) {
        let Self { items, next_cursor } = self;
        items.put(out);
        out.maybe_text(next_cursor.map(|cursor| cursor.to_string()).as_deref());
    }
}

impl Wire for Migration {
    fn put(self, out: &mut Out) {
        let Self { version, description } = self;
        out.whole(version);
        out.text(&description);
    }
}

impl Wire for Seeded {
    fn put(self, out: &mut Out) {
        let Self { admin, user } = self;
        out.text(admin.reveal());
        out.text(user.reveal());
    }
}
