"""The Risk service: rules, suspects and the record of decisions."""
