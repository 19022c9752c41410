"""C1 電子カルテ情報共有サービス: its declaration, its rules, what a submission is, and its folders."""
