drop function crm.words(text);
drop function crm.fold(text);
