drop trigger leads_add_to_pipeline on crm.leads;
drop trigger leads_take_from_pipeline on crm.leads;
drop trigger leads_move_in_pipeline on crm.leads;
drop trigger leads_empty_pipeline on crm.leads;
drop procedure crm.recount_pipeline();
drop function crm.add_to_pipeline(), crm.take_from_pipeline(), crm.move_in_pipeline(), crm.empty_pipeline(), crm.fold_pipeline();
drop table crm.pipeline_totals;
drop index crm.idx_leads_stage;
create index idx_leads_stage on crm.leads (stage, id) include (value);
