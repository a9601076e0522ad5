"""Tables from files become records: which column is which field, what each row means, and the run that writes it.

One mechanism for the browser, the API and the command line.
"""
