"""An honest population and an attack before one judged server: nobody of the one, nearly all of the other."""
