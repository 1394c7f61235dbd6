"""Platforms that fine-tune without code: pairs as their files, checked by dated rules, with tokens and cost."""
