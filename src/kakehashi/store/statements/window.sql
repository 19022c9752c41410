-- window_open --
-- Opens a window for row-level security until the transaction ends. $1 the panes as text.
SELECT set_config('kakehashi.window', $1, true);
