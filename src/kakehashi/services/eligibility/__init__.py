"""C4 オンライン資格確認: who is insured where, who stands at the desk, and what they consent to."""
