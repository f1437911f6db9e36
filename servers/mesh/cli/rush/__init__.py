"""A flash sale with a crowd, for `nectary bench seckill` and the last chapter of the demo.

crowd.py      members who all want one at once, and what each heard
view.py       how it goes, while it goes
report.py     figures and tables afterwards
audit.py      what was heard beside what is in the books
"""
