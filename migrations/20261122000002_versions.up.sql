-- version and updated_at are kept by the database, so that they are right whoever writes: this library, a Sequelize
-- model, psql, or a foreign key's ON DELETE SET NULL. That runs as the tables' owner, but with the search path of whoever deletes; so whatever
-- it calls is named with its schema, operators and types too.

create function crm.touch() returns trigger language plpgsql as $$
begin
  new.version := old.version operator(pg_catalog.+) 1;
  new.updated_at := current_timestamp;
  return new;
end
$$;

create function crm.touch_version() returns trigger language plpgsql as $$
begin
  new.version := old.version operator(pg_catalog.+) 1;
  return new;
end
$$;

create trigger users_touch before update on crm.users for each row execute function crm.touch();
create trigger customers_touch before update on crm.customers for each row execute function crm.touch();
create trigger leads_touch before update on crm.leads for each row execute function crm.touch();
create trigger tasks_touch before update on crm.tasks for each row execute function crm.touch();
create trigger interactions_touch before update on crm.interactions for each row execute function crm.touch_version();
