"""C3 救急時医療情報閲覧: what a doctor must know within a minute, without the person's word, and told to them."""
