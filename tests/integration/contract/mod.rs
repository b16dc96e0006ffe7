//! The contract: what every store promises, proved on the one in memory and on PostgreSQL.
//!
//! What one call after the other can show stands as data in `tests/contract`, which `data` runs here and Python and Node run too. The cases
//! written out here are what data cannot say: calls at the same time, streams left midway, thousands of rows, values of Rust's alone. One
//! takes a store that is empty, is named for the promise, and decides by codes, never by texts.

#![expect(clippy::unwrap_used, reason = "a case fails by panicking")]

mod access;
mod batches;
mod customers;
mod data;
mod filters;
mod lists;
mod passwords;
mod refusals;
mod reports;
mod rows;
mod search;
mod tools;
mod transactions;
mod updates;

/// Lists the cases, once for all stores.
macro_rules! contract {
    ($($file:ident { $($case:ident,)+ })+) => {
        mod memory {
            $(mod $file {
                $(#[tokio::test]
                async fn $case() {
                    let crm = crm_core::testing::MemoryStore::default();
                    super::super::$file::$case(&crm).await;
                })+
            })+
        }

        mod postgres {
            $(mod $file {
                $(#[tokio::test]
                async fn $case() {
                    let database = crm_tests::Database::fresh().await;
                    super::super::$file::$case(&database.crm).await;
                })+
            })+
        }
    };
}

contract! {
    rows {
        moments_are_now_in_whole_milliseconds,
        every_call_on_no_row_says_not_found,
        an_id_is_never_handed_out_twice,
    }
    updates {
        of_two_updates_of_one_version_one_is_refused,
    }
    batches {
        thousands_of_rows_come_back_in_order,
        one_taken_email_refuses_all_and_names_its_row,
        one_missing_reference_refuses_all_and_names_its_row,
    }
    lists {
        an_empty_list_has_one_empty_page,
        users_are_listed_in_every_order,
        customers_are_listed_in_every_order,
        leads_are_listed_in_every_order_with_nulls_last,
        tasks_are_listed_in_every_order_with_nulls_last,
        interactions_are_listed_in_every_order,
        a_malformed_cursor_is_refused,
        a_cursor_may_be_any_place_in_the_order,
        a_stream_is_one_snapshot,
        a_stream_can_be_dropped_midway,
    }
    filters {
        a_text_that_no_row_can_hold_matches_nothing,
        emails_are_folded_by_ascii_alone,
        a_number_that_no_row_can_hold_matches_nothing,
        a_range_may_reach_beyond_what_a_row_can_hold,
        the_ends_of_a_range_count_to_the_millisecond,
    }
    search {
        texts_of_any_size_are_stored_and_found,
    }
    customers {
        tags_added_and_removed_at_the_same_time_are_all_kept,
    }
    reports {
        activity_counts_every_interaction_of_a_busy_customer,
        activity_refuses_a_wrong_limit_and_a_wrong_cursor,
        due_tasks_refuse_wrong_numbers_and_a_wrong_cursor,
        due_tasks_count_from_any_day,
        the_snapshot_is_the_three_reports,
    }
    transactions {
        commit_makes_every_change_permanent,
        rollback_and_drop_undo_every_change,
        reads_inside_see_the_changes_and_reads_outside_do_not,
        reports_inside_see_the_changes,
        a_deletion_inside_reaches_what_refers_to_the_row,
        concurrent_calls_on_one_transaction_queue,
        two_transactions_on_different_rows_both_commit,
        many_rows_are_created_in_a_transaction,
        a_function_over_repositories_works_on_both,
    }
    passwords {
        a_password_goes_with_its_user_through_transactions,
    }
    access {
        a_handle_has_the_rights_that_the_role_has_at_each_operation,
    }
    refusals {
        a_transaction_keeps_the_role_of_its_beginning,
        whoever_is_retired_in_the_middle_of_a_transaction_ends_it,
        whoever_is_deleted_in_the_middle_of_a_transaction_writes_no_more,
    }
}
