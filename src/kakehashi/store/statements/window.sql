-- window_open --
-- Opens a window for row-level security until the transaction ends. $1 the panes as text.
SELECT set_config('kakehashi.window', $1, true);

-- window_open_by --
-- The same, and by which path tables are found: a narrowed window's are views (migration 0023). $2 the path.
SELECT set_config('kakehashi.window', $1, true), set_config('search_path', $2, true);
