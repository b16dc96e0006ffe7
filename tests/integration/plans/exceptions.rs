//! What may sort or scan, and why.

/// Are the cases that may sort or scan, and why. A case that needs no exception fails as one that has none does.
pub(super) const EXCEPTIONS: &[(&str, &str)] = &[
    ("order: users by created_at", FEW_USERS),
    ("order: users by updated_at", FEW_USERS),
    ("order: users by name", FEW_USERS),
    ("order: customers by created_at", UNINDEXED_TIME),
    ("order: customers by updated_at", UPDATED),
    ("order: leads by created_at", UNINDEXED_TIME),
    ("order: leads by updated_at", UPDATED),
    ("order: leads by title", TITLE),
    ("order: tasks by created_at", UNINDEXED_TIME),
    ("order: tasks by updated_at", UPDATED),
    ("order: tasks by title", TITLE),
    ("order: interactions by created_at", UNINDEXED_TIME),
    ("filter: users by created", FEW_USERS),
    ("filter: users by updated", FEW_USERS),
    ("filter: customers by created", UNINDEXED_TIME),
    ("filter: customers by updated", UPDATED),
    ("filter: leads by created", UNINDEXED_TIME),
    ("filter: leads by updated", UPDATED),
    ("filter: tasks by created", UNINDEXED_TIME),
    ("filter: tasks by updated", UPDATED),
    ("filter: interactions by created", UNINDEXED_TIME),
    ("filter: tasks due since a day close to the end, after the middle", CORRELATED),
    (
        "key: delete of a user",
        "updated_by has no index, which would cost each write; users are retired, not deleted",
    ),
    ("whole: count of all users", ALL),
    ("whole: count of all customers", ALL),
    ("whole: count of all leads", ALL),
    ("whole: count of all tasks", ALL),
    ("whole: count of all interactions", ALL),
    ("whole: tag_counts", ALL),
    ("whole: export of all users", ALL),
    ("whole: export of all customers", ALL),
    ("whole: export of all leads", ALL),
    ("whole: export of all tasks", ALL),
    ("whole: export of all interactions", ALL),
    ("whole: export of the activity", ALL),
    (
        "whole: export of the due tasks",
        "for tasks of every status that are due by a day it reads all that are due by then",
    ),
    ("whole: stream of all leads by -value", NULLS),
    ("whole: stream of all tasks by -due_date", NULLS),
    ("actor: list of leads worth at least what few are", ROW_SECURITY),
    ("actor: list of leads worth at most what few are", ROW_SECURITY),
];
const FEW_USERS: &str = "users are few";
const UNINDEXED_TIME: &str =
    "the order by id is the same but for imported rows, and an index costs each insert";
const UPDATED: &str = "an index on updated_at would end HOT updates";
const TITLE: &str = "a list by title is rarely wanted, and an index costs each write";
const CORRELATED: &str = "the planner cannot know that what is due late was made late";
const ALL: &str = "it reads all that it answers with, and the table is that";
const NULLS: &str = "one index cannot give nulls last both ways, and all of it is asked for";
const ROW_SECURITY: &str =
    "open: under row security numeric's operators, which are not leakproof, are planned without statistics";
