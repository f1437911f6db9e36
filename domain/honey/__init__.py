"""The rules of Honey: points are earned, held, spent, taken back and expire, with a ledger as proof."""
