//! The contract: what every store promises, proved on the one in memory and on PostgreSQL.
//!
//! A case takes a store that is empty, is named for the promise, and decides by codes, never by texts.

#![expect(clippy::unwrap_used, reason = "a case fails by panicking")]

mod access;
mod batches;
mod customers;
mod filters;
mod lists;
mod moves;
mod passwords;
mod references;
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
        create_returns_a_user_as_stored,
        create_returns_a_customer_as_stored,
        create_returns_a_lead_as_stored,
        create_returns_a_task_as_stored,
        create_returns_an_interaction_as_stored,
        moments_are_now_in_whole_milliseconds,
        the_longest_and_largest_values_come_back,
        texts_come_back_to_the_letter,
        create_refuses_a_taken_email,
        customers_may_share_an_email,
        create_refuses_a_reference_to_nothing,
        every_call_on_no_row_says_not_found,
        an_id_is_never_handed_out_twice,
        get_many_keeps_the_order_asked_with_repeats_and_without_the_missing,
        delete_takes_the_row_and_no_other,
    }
    updates {
        each_field_of_a_user_changes_alone,
        each_field_of_a_customer_changes_alone,
        each_field_of_a_lead_changes_alone,
        each_field_of_a_task_changes_alone,
        each_field_of_an_interaction_changes_alone,
        many_fields_change_at_once,
        an_empty_patch_changes_nothing,
        a_patch_with_the_same_values_raises_the_version,
        an_update_moves_updated_at_and_not_created_at,
        a_stale_version_is_refused_with_the_current_one,
        of_two_updates_of_one_version_one_is_refused,
        update_refuses_a_taken_email,
        a_freed_email_can_be_taken,
        update_refuses_a_reference_to_nothing,
    }
    references {
        deleting_a_customer_deletes_what_belongs_to_it,
        deleting_a_user_clears_the_references_and_raises_the_versions,
        a_deactivated_user_keeps_what_refers_to_it,
    }
    batches {
        many_rows_are_stored_as_one_by_one,
        no_rows_are_no_error,
        thousands_of_rows_come_back_in_order,
        batch_texts_come_back_to_the_letter,
        one_taken_email_refuses_all_and_names_its_row,
        one_missing_reference_refuses_all_and_names_its_row,
    }
    lists {
        an_empty_list_has_one_empty_page,
        a_page_holds_the_50_newest_rows_unless_told_otherwise,
        a_full_last_page_has_no_next_cursor,
        users_are_listed_in_every_order,
        customers_are_listed_in_every_order,
        leads_are_listed_in_every_order_with_nulls_last,
        tasks_are_listed_in_every_order_with_nulls_last,
        interactions_are_listed_in_every_order,
        a_list_by_the_last_change_follows_the_changes,
        a_page_goes_on_whatever_came_or_went_meanwhile,
        a_limit_is_1_to_1000,
        a_cursor_is_refused_by_every_other_list_and_order,
        a_malformed_cursor_is_refused,
        a_cursor_may_be_any_place_in_the_order,
        a_stream_is_one_snapshot,
        a_stream_can_be_dropped_midway,
        a_filter_and_an_order_hold_on_every_page,
    }
    filters {
        users_are_selected_by_each_filter,
        customers_are_selected_by_each_filter,
        leads_are_selected_by_each_filter,
        tasks_are_selected_by_each_filter,
        interactions_are_selected_by_each_filter,
        a_text_that_no_row_can_hold_matches_nothing,
        emails_are_folded_by_ascii_alone,
        a_number_that_no_row_can_hold_matches_nothing,
        a_range_may_reach_beyond_what_a_row_can_hold,
        a_range_is_as_fine_as_its_ends,
        every_filter_at_once_selects_what_meets_all,
    }
    search {
        every_word_begins_some_word_of_the_customer,
        case_does_not_matter_in_any_alphabet,
        punctuation_separates_words,
        operators_and_wildcards_are_only_punctuation,
        a_changed_text_is_found_by_its_new_words,
        leads_tasks_and_interactions_are_searched_in_their_own_texts,
        texts_of_any_size_are_stored_and_found,
    }
    customers {
        tags_are_added_behind_the_others_without_regard_to_case,
        tags_are_removed_without_regard_to_case,
        tags_that_change_nothing_do_not_raise_the_version,
        a_customer_has_at_most_100_tags,
        tags_added_and_removed_at_the_same_time_are_all_kept,
        tags_of_no_customer_are_not_found,
        tags_are_counted_most_used_first_then_by_code_points,
        the_overview_shows_what_is_open_and_recent,
        the_overview_of_a_new_customer_is_empty,
        the_overview_refuses_no_customer_and_too_many_interactions,
    }
    moves {
        a_user_is_found_by_email_without_regard_to_case,
        a_user_is_deactivated_and_reactivated,
        deactivating_and_reactivating_again_changes_nothing,
        a_lead_moves_from_any_stage_to_any,
        a_task_moves_from_any_status_to_any,
    }
    reports {
        activity_of_nobody_is_empty,
        activity_shows_the_latest_first_and_the_never_contacted_last,
        activity_follows_changes_and_deletions,
        activity_counts_every_interaction_of_a_busy_customer,
        activity_goes_on_where_a_page_ended,
        activity_refuses_a_wrong_limit_and_a_wrong_cursor,
        the_pipeline_has_all_four_stages_and_exact_sums,
        due_tasks_come_by_priority_then_day_then_id,
        due_tasks_show_names_and_whether_they_are_overdue,
        due_tasks_have_any_of_the_statuses_asked,
        due_tasks_go_on_where_a_page_ended,
        due_tasks_refuse_wrong_numbers_and_a_wrong_cursor,
        due_tasks_count_from_any_day,
        the_snapshot_is_the_three_reports,
        the_snapshot_refuses_what_its_reports_refuse,
    }
    transactions {
        commit_makes_every_change_permanent,
        rollback_and_drop_undo_every_change,
        an_empty_transaction_commits_and_rolls_back,
        reads_inside_see_the_changes_and_reads_outside_do_not,
        reports_inside_see_the_changes,
        a_deletion_inside_reaches_what_refers_to_the_row,
        a_transaction_stays_usable_after_what_the_caller_can_mend,
        a_conflict_finishes_the_transaction,
        a_missing_reference_finishes_the_transaction,
        concurrent_calls_on_one_transaction_queue,
        two_transactions_on_different_rows_both_commit,
        many_rows_are_created_in_a_transaction,
        a_function_over_repositories_works_on_both,
    }
    passwords {
        a_user_made_with_a_password_logs_in,
        a_password_counts_to_the_letter,
        a_wrong_password_an_unknown_email_and_a_retired_user_are_one_error,
        what_is_checked_may_be_anything,
        a_hash_of_another_system_is_replaced_by_the_first_login,
        a_user_who_knows_the_password_changes_it,
        a_password_is_set_without_knowing_the_present_one,
        a_new_password_is_refused_with_all_else_that_is_wrong,
        a_password_goes_with_its_user_through_transactions,
    }
    access {
        what_an_actor_makes_names_the_actor,
        what_an_actor_changes_names_the_actor,
        what_the_trusted_system_changes_names_nobody,
        an_actor_reads_what_the_trusted_system_reads,
        whoever_is_gone_retired_or_never_was_may_do_nothing,
        a_handle_has_the_rights_that_the_role_has_at_each_operation,
        only_the_trusted_system_says_who_made_a_row_or_gives_a_hash,
    }
    refusals {
        a_user_deletes_own_rows_only,
        a_change_of_anothers_row_is_refused_unless_there_is_none,
        what_only_an_admin_may_is_refused_whether_there_is_a_row_or_not,
        a_user_changes_the_own_password_and_no_others,
        a_refusal_by_the_library_leaves_the_transaction_usable,
        a_refusal_by_the_database_finishes_the_transaction,
        a_transaction_keeps_the_role_of_its_beginning,
        whoever_is_retired_in_the_middle_of_a_transaction_ends_it,
        whoever_is_deleted_in_the_middle_of_a_transaction_writes_no_more,
        deleting_a_user_leaves_no_reference_and_writes_no_name,
    }
}
