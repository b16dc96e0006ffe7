revoke select on crm._migrations, crm.compatibility from crm_reporter;
