"""C2 保健医療記録共有サービス: one person's record, from all institutions, on one page."""
