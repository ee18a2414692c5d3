-- The trigger counts with the rights of its owner, so whoever may write users needs no right to write headcounts, and
-- cannot falsify a total.
ALTER FUNCTION follow_users() SECURITY DEFINER SET search_path = public, pg_temp;
