-- Every search reads the list of tokens that wait to be put into the index, from end to end: a full megabyte of them cost
-- as much as the rest of the search. A shorter list is put in more often, which writers pay for (docs/adr/0002).

ALTER INDEX resource_tokens SET (gin_pending_list_limit = 256);  -- kB
