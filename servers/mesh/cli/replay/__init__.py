"""Replay: a file of purchases, sent through a mesh on the days on which they were made.

settings.py    how the file is read, and which card an amount buys
purchases.py   the rows, and those that cannot be read
schedule.py    which purchases happen at the same moment
run.py         orders and payments, bounded in number at once
compare.py     every timeline beside that of the naive oracle
report.py      what came of it, for people, scripts and spreadsheets
"""
