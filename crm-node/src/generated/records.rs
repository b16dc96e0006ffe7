//! Generated from crm-core's sources by `cargo xtask generate`. Do not edit.
//! Records: entity → wire. `ts/generated/records.ts` reads the fields in the same order.

use crm_postgres::crm_core::{
    Customer, CustomerActivity, CustomerOverview, DueTask, Email, Interaction, InteractionType, Lead,
    PipelineStage, Priority, Role, Snapshot, Stage, TagCount, Task, TaskStatus, User,
};

use crate::wire::{Out, Wire};

impl Wire for Customer {
    fn put(self, out: &mut Out) {
        let Self {
            id,
            name,
            email,
            phone,
            company,
            tags,
            notes,
            created_by,
            updated_by,
            created_at,
            updated_at,
            version,
        } = self;
        out.whole(id.0);
        out.text(&name);
        out.maybe_text(email.as_ref().map(Email::as_str));
        out.maybe_text(phone.as_deref());
        out.maybe_text(company.as_deref());
        out.texts(&tags);
        out.maybe_text(notes.as_deref());
        out.maybe_whole(created_by);
        out.maybe_whole(updated_by);
        out.moment(created_at);
        out.moment(updated_at);
        out.whole(version);
    }
}

impl Wire for TagCount {
    fn put(self, out: &mut Out) {
        let Self { tag, count } = self;
        out.text(&tag);
        out.whole(count);
    }
}

impl Wire for CustomerOverview {
    fn put(self, out: &mut Out) {
        let Self { customer, open_leads, open_tasks, recent_interactions } = self;
        customer.put(out);
        open_leads.put(out);
        open_tasks.put(out);
        recent_interactions.put(out);
    }
}

impl Wire for Interaction {
    fn put(self, out: &mut Out) {
        let Self { id, customer_id, kind, notes, date, created_by, created_at, version } = self;
        out.whole(id.0);
        out.whole(customer_id.0);
        out.label(InteractionType::ALL, &kind);
        out.maybe_text(notes.as_deref());
        out.moment(date);
        out.maybe_whole(created_by);
        out.moment(created_at);
        out.whole(version);
    }
}

impl Wire for Lead {
    fn put(self, out: &mut Out) {
        let Self {
            id,
            title,
            description,
            stage,
            value,
            customer_id,
            assigned_to,
            created_by,
            updated_by,
            created_at,
            updated_at,
            version,
        } = self;
        out.whole(id.0);
        out.text(&title);
        out.maybe_text(description.as_deref());
        out.label(Stage::ALL, &stage);
        out.maybe_money(value);
        out.maybe_whole(customer_id);
        out.maybe_whole(assigned_to);
        out.maybe_whole(created_by);
        out.maybe_whole(updated_by);
        out.moment(created_at);
        out.moment(updated_at);
        out.whole(version);
    }
}

impl Wire for Task {
    fn put(self, out: &mut Out) {
        let Self {
            id,
            title,
            description,
            status,
            priority,
            due_date,
            assigned_to,
            customer_id,
            created_by,
            updated_by,
            created_at,
            updated_at,
            version,
        } = self;
        out.whole(id.0);
        out.text(&title);
        out.maybe_text(description.as_deref());
        out.label(TaskStatus::ALL, &status);
        out.label(Priority::ALL, &priority);
        out.maybe_day(due_date);
        out.maybe_whole(assigned_to);
        out.maybe_whole(customer_id);
        out.maybe_whole(created_by);
        out.maybe_whole(updated_by);
        out.moment(created_at);
        out.moment(updated_at);
        out.whole(version);
    }
}

impl Wire for User {
    fn put(self, out: &mut Out) {
        let Self { id, name, email, role, deactivated_at, created_at, updated_at, version } = self;
        out.whole(id.0);
        out.text(&name);
        out.text(email.as_str());
        out.label(Role::ALL, &role);
        out.maybe_moment(deactivated_at);
        out.moment(created_at);
        out.moment(updated_at);
        out.whole(version);
    }
}

impl Wire for CustomerActivity {
    fn put(self, out: &mut Out) {
        let Self { customer, interaction_count, last_interaction } = self;
        customer.put(out);
        out.whole(interaction_count);
        out.maybe_moment(last_interaction);
    }
}

impl Wire for PipelineStage {
    fn put(self, out: &mut Out) {
        let Self { stage, count, total_value } = self;
        out.label(Stage::ALL, &stage);
        out.whole(count);
        out.money(total_value);
    }
}

impl Wire for DueTask {
    fn put(self, out: &mut Out) {
        let Self { task, customer_name, assigned_to_name, overdue } = self;
        task.put(out);
        out.maybe_text(customer_name.as_deref());
        out.maybe_text(assigned_to_name.as_deref());
        out.flag(overdue);
    }
}

impl Wire for Snapshot {
    fn put(self, out: &mut Out) {
        let Self { customer_activity, pipeline, due_tasks } = self;
        customer_activity.put(out);
        pipeline.put(out);
        due_tasks.put(out);
    }
}
